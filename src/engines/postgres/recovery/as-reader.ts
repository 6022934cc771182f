/**
 * Goes before what somebody wrote, in a copy that recovers: it may read every table, and do nothing that takes more: end the recovery, read files, run programs, be it
 * by a view or a function that somebody with fewer rights has left there. A policy that would hide rows is refused. Before PostgreSQL 14 there is no such role, and
 * what is left is that the copy has no network. Whoever means to can take the superuser back (RESET SESSION AUTHORIZATION): a server that recovers can be given no role
 * that could not. What comes behind it has the search path that the database's owner has set; this itself has none.
 */
export const asReader = 'SET search_path = \'\';\nSELECT \'SET SESSION AUTHORIZATION pg_read_all_data\' FROM pg_catalog.pg_roles WHERE rolname = \'pg_read_all_data\' \\gexec\nSET row_security = off;\nRESET search_path;\n';

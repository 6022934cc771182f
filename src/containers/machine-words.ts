/**
 * What the operating system says where the machine, and not the data on it, is in the way: strerror() of glibc and of musl, in the C locale that every script sets. Always behind a
 * colon: a name may hold any words. Of a file system that has run full there are words of its own. Pure.
 */
const awayWords = 'Input/output error|I/O error|Stale (?:NFS )?file handle|Transport endpoint is not connected|Socket not connected|Host is down';
const otherWords = 'Permission denied|Read-only file system|Too many open files|No file descriptors available|Cannot allocate memory|[Oo]ut of memory|Resource temporarily unavailable';
const said = (words: string): RegExp => new RegExp(`: +(?:${words})(?![\\w/])`);
const [away, anything] = [said(awayWords), said(`${awayWords}|${otherWords}`)];

/** A disk or share has gone away, or does not answer: another moment may bring it back. */
export const saysAway = (words: string): boolean => away.test(words);

/** That, or the machine lacks memory or descriptors, or may not do it. What a database itself refuses ("permission denied for table") is in small letters, and is none of it. */
export const saysMachine = (words: string): boolean => anything.test(words);

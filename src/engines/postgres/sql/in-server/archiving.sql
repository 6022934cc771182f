-- How a server archives its log. One line of JSON. What is configured, also where it does not work yet: of archive_command `SHOW` tells only while archive_mode is on.
SELECT json_build_object(
  'dataDirectory', CASE WHEN pg_has_role('pg_read_all_settings', 'USAGE') THEN current_setting('data_directory') END,
  'settings', (SELECT json_object_agg(name, json_build_object('value', CASE name WHEN 'archive_command' THEN reset_val ELSE setting END, 'source', source, 'pendingRestart', pending_restart))
                 FROM pg_settings WHERE name IN ('archive_mode', 'archive_command', 'archive_timeout', 'archive_library')));

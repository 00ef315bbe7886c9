import { startPostgres } from '../../scripts/services/index.mjs';
import { describeSqlFaults } from './sql-faults.suite.js';

describeSqlFaults({
  title: 'PostgreSQL',
  type: 'postgres',
  start: () => startPostgres({ config: { synchronous_commit: 'on' } }),
  sessions: `SELECT count(*) AS n FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
  waiting: `SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'`,
  session: 'SELECT pg_backend_pid() AS id',
  endSessions: (server) =>
    server.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()'),
});

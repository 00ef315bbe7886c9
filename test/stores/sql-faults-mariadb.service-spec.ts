import { startMariadb } from '../../scripts/services/index.mjs';
import { describeSqlFaults } from './sql-faults.suite.js';

const SESSIONS = `FROM information_schema.PROCESSLIST WHERE USER = 'ash' AND ID <> CONNECTION_ID()`;

describeSqlFaults({
  title: 'MariaDB',
  type: 'mariadb',
  start: () => startMariadb({ config: { 'innodb-flush-log-at-trx-commit': 2 } }),
  sessions: `SELECT COUNT(*) AS n ${SESSIONS}`,
  waiting: `SELECT COUNT(*) AS n FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'`,
  session: 'SELECT CONNECTION_ID() AS id',
  endSessions: async (server) => {
    const rows = await server.query(`SELECT ID AS id ${SESSIONS}`);
    await Promise.all(rows.map(({ id }) => server.query(`KILL ${String(id)}`)));
  },
});

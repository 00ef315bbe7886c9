import { describeSqlCleanup } from './sql-cleanup.suite.js';
import { describeSqlContract } from './sql-contract.suite.js';
import { MARIADB } from './sql-fixture.js';
import { describeSqlGroups } from './sql-groups.suite.js';
import { describeSqlSchema } from './sql-schema.suite.js';
import { describeSqlSeeds } from './sql-seeds.suite.js';
import { describeSqlTransactions } from './sql-transactions.suite.js';

describeSqlContract(MARIADB);
// MySQL has statements of its own, which MariaDB takes as well.
describeSqlContract({
  title: 'MariaDB, taken for MySQL',
  options: () => Object.assign(MARIADB.options(), { type: 'mysql' as const }),
});
describeSqlGroups(MARIADB);
describeSqlSchema(MARIADB);
describeSqlCleanup(MARIADB);
describeSqlSeeds(MARIADB);
describeSqlTransactions(MARIADB, {
  killSession: async (manager, admin) => {
    const [{ id }] = await manager.query<[{ id: number | string }]>('SELECT CONNECTION_ID() AS id');
    await admin.query(`KILL ${String(id)}`);
  },
});

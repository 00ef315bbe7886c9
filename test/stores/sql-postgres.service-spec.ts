import { describeSqlCleanup } from './sql-cleanup.suite.js';
import { describeSqlContract } from './sql-contract.suite.js';
import { POSTGRES } from './sql-fixture.js';
import { describeSqlGroups } from './sql-groups.suite.js';
import { describeSqlSchema } from './sql-schema.suite.js';
import { describeSqlSeeds } from './sql-seeds.suite.js';
import { describeSqlTransactions } from './sql-transactions.suite.js';

describeSqlContract(POSTGRES);
describeSqlGroups(POSTGRES);
for (const level of ['repeatable read', 'serializable']) {
  // Every statement is a transaction of its own, which PostgreSQL then may refuse for what others do meanwhile.
  const extra = { options: `-c default_transaction_isolation=${level.replace(' ', '\\ ')}` };
  const target = {
    title: `PostgreSQL under ${level}`,
    options: () => Object.assign(POSTGRES.options(), { extra }),
  };
  describeSqlContract(target);
  describeSqlGroups(target);
}
describeSqlSchema(POSTGRES);
describeSqlCleanup(POSTGRES);
describeSqlSeeds(POSTGRES);
describeSqlTransactions(POSTGRES, {
  killSession: async (manager, admin) => {
    const [{ pid }] = await manager.query<[{ pid: number }]>('SELECT pg_backend_pid() AS pid');
    await admin.query('SELECT pg_terminate_backend($1)', [pid]);
  },
});

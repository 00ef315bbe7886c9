import { describeSqlCleanup } from '../../test/stores/sql-cleanup.suite.js';
import { describeSqlContract } from '../../test/stores/sql-contract.suite.js';
import { sqliteTarget } from '../../test/stores/sql-fixture.js';
import { describeSqlGroups } from '../../test/stores/sql-groups.suite.js';
import { describeSqlSchema } from '../../test/stores/sql-schema.suite.js';
import { describeSqlSeeds } from '../../test/stores/sql-seeds.suite.js';
import { describeSqlTransactions } from '../../test/stores/sql-transactions.suite.js';

const target = sqliteTarget();
afterAll(target.remove);

describeSqlContract(target);
describeSqlGroups(target);
describeSqlSchema(target);
describeSqlCleanup(target, { hasServer: false });
describeSqlSeeds(target);
describeSqlTransactions(target);

import { describeShopWith } from './shop-on-stores.js';

describeShopWith('SQLite', { STORE: 'sql' });

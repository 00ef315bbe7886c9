import { serviceOf } from './redis-service.js';
import { describeShopWith } from './shop-on-stores.js';

describeShopWith('PostgreSQL', { STORE: 'sql', DATABASE_URL: serviceOf('POSTGRES_URL') });

import { serviceOf } from './redis-service.js';
import { describeShopWithSealed } from './shop-on-stores.js';

describeShopWithSealed('memory', { SEALED_OVER: 'memory' });
describeShopWithSealed('Redis', { SEALED_OVER: 'redis', REDIS_URL: serviceOf('REDIS_URL') }, false);
describeShopWithSealed('PostgreSQL', { SEALED_OVER: 'sql', DATABASE_URL: serviceOf('POSTGRES_URL') });

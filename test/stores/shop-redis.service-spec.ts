import { SERVERS } from '../support/shop.js';
import { serviceOf } from './redis-service.js';
import { describeShopWith } from './shop-on-stores.js';

describeShopWith('Redis', { STORE: 'redis', REDIS_URL: serviceOf('REDIS_URL') }, SERVERS.frameworks);

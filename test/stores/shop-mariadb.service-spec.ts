import { serviceOf } from './redis-service.js';
import { describeShopWith } from './shop-on-stores.js';

describeShopWith('MariaDB', { STORE: 'sql', DATABASE_URL: serviceOf('MARIADB_URL') });

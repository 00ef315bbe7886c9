import { MEMORY, SERVERS, shopsOn } from '../support/shop.js';
import { describeRequestTargets } from './urls.suite.js';

shopsOn(MEMORY, SERVERS.all).forEach(describeRequestTargets);

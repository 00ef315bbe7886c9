import { MEMORY, SERVERS, shopsOn } from '../support/shop.js';
import { describeHonestRequests } from './honest.suite.js';

shopsOn(MEMORY, SERVERS.all).forEach(describeHonestRequests);

import { MEMORY, SERVERS, shopsOn } from '../support/shop.js';
import { describeClient } from './client.suite.js';

shopsOn(MEMORY, SERVERS.all).forEach(describeClient);

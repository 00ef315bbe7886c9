import { MEMORY, SERVERS, shopsOn } from '../support/shop.js';
import { describeSimultaneousRequests } from './simultaneous.suite.js';

shopsOn(MEMORY, SERVERS.all).forEach(describeSimultaneousRequests);

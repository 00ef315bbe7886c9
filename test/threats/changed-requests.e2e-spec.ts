import { MEMORY, SERVERS, shopsOn } from '../support/shop.js';
import { describeChangedRequests } from './changed-requests.suite.js';

shopsOn(MEMORY, SERVERS.all).forEach(describeChangedRequests);

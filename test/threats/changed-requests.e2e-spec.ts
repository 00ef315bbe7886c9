import { MEMORY, shopsOn } from '../support/shop.js';
import { describeChangedRequests } from './changed-requests.suite.js';

shopsOn(MEMORY).forEach(describeChangedRequests);

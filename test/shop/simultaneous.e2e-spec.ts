import { MEMORY, shopsOn } from '../support/shop.js';
import { describeSimultaneousRequests } from './simultaneous.suite.js';

shopsOn(MEMORY).forEach(describeSimultaneousRequests);

import { MEMORY, shopsOn } from '../support/shop.js';
import { describeHonestRequests } from './honest.suite.js';

shopsOn(MEMORY).forEach(describeHonestRequests);

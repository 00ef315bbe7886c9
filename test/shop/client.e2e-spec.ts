import { MEMORY, shopsOn } from '../support/shop.js';
import { describeClient } from './client.suite.js';

shopsOn(MEMORY).forEach(describeClient);

import { MEMORY, shopsOn } from '../support/shop.js';
import { describeRequestTargets } from './urls.suite.js';

shopsOn(MEMORY).forEach(describeRequestTargets);

import type { JsonShortcuts } from './json-shortcuts.js';
import { sortKeys } from './key-order.js';

export const keyOrder: JsonShortcuts['keyOrder'] = sortKeys;

export const MANY_MEMBERS: JsonShortcuts['MANY_MEMBERS'] = Infinity;

export const writeNatively: JsonShortcuts['writeNatively'] = () => undefined;

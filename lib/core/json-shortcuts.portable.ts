import type { JsonShortcuts } from './json-shortcuts.js';
import { sortKeys } from './key-order.js';

export const keyOrder: JsonShortcuts['keyOrder'] = sortKeys;

export const isPlain: JsonShortcuts['isPlain'] = () => false;

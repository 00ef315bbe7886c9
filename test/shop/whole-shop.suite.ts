import type { ShopSetUp } from '../support/shop.js';
import { describeBodies } from '../threats/bodies.suite.js';
import { describeChains } from '../threats/chains.suite.js';
import { describeChangedRequests } from '../threats/changed-requests.suite.js';
import { describeTimestamps } from '../threats/clocks.suite.js';
import { describeHeaders } from '../threats/headers.suite.js';
import { describeOtherRoutes } from '../threats/other-routes.suite.js';
import { describeProofs } from '../threats/proofs.suite.js';
import { describeReplays } from '../threats/replays.suite.js';
import { describeScopes } from '../threats/scopes.suite.js';
import { describeSubjects } from '../threats/subjects.suite.js';
import { describeRequestTargets } from '../threats/urls.suite.js';
import { describeClient } from './client.suite.js';
import { describeHonestRequests } from './honest.suite.js';
import { describeSimultaneousRequests } from './simultaneous.suite.js';

const SUITES = [
  describeHonestRequests,
  describeClient,
  describeSimultaneousRequests,
  describeChangedRequests,
  describeReplays,
  describeOtherRoutes,
  describeProofs,
  describeScopes,
  describeRequestTargets,
  describeBodies,
  describeHeaders,
  describeTimestamps,
  describeChains,
  describeSubjects,
];

/** Every suite that the shop passes end to end: the same for each store. */
export function describeWholeShop(shop: ShopSetUp): void {
  for (const describeSuite of SUITES) describeSuite(shop);
}

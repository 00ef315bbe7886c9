import { parseArgs } from 'node:util';
import { linkLibrary } from '../link.mjs';

linkLibrary();
const { FAULTS } = await import('./catalogue.mjs');
const { PROMOTIONS, tryPromotion } = await import('./promotion.mjs');
const { faultTable, promotionTable, surroundings, writeBetweenMarkers } = await import('./table.mjs');
const { LONGEST_REQUEST, tryFault } = await import('./trial.mjs');

const PROMOTION = 'promotion';

const { values, positionals } = parseArgs({
  options: { seconds: { type: 'string', default: '30' }, rounds: { type: 'string', default: '50' } },
  allowPositionals: true,
});
const known = [...Object.keys(FAULTS), PROMOTION];
const unknown = positionals.find((name) => !known.includes(name));
if (unknown !== undefined) throw new Error(`There is no fault '${unknown}'; there are ${known.join(', ')}`);
const chosen = positionals.length > 0 ? positionals : known;
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);

const results = [];
const promotions = [];
const broken = [];

for (const name of chosen) {
  if (name === PROMOTION) {
    for (const [title, options] of Object.entries(PROMOTIONS)) {
      promotions.push(await tryPromotion(title, options, { rounds }));
    }
    console.log(promotionTable(promotions));
    if (promotions.some(({ title, secondRuns }) => secondRuns > 0 !== (title === Object.keys(PROMOTIONS)[0]))) {
      broken.push(
        'promotion: only a store that accepts other runs of the server, and has no replica confirm, loses what was spent',
      );
    }
    continue;
  }
  console.log(`\n${name}`);
  const result = await tryFault(FAULTS[name], { seconds }).catch((error) => {
    console.error(error);
    broken.push(`${name}: ${error.message.split('\n')[0]}`);
  });
  if (result === undefined) continue;
  results.push(result);
  console.log(result);
  if (result.secondRuns > 0) broken.push(`${name}: ${result.secondRuns} second runs`);
  if (result.longest > LONGEST_REQUEST) broken.push(`${name}: a request took ${Math.round(result.longest)} ms`);
  if (result.steady === undefined) broken.push(`${name}: did not recover`);
}

const text = [
  ...(results.length > 0 ? [faultTable(results)] : []),
  ...(promotions.length > 0
    ? [
        'A replica that is promoted while it is cut off from its master has not seen what was spent there meanwhile. What passes there after a 503 runs for the first time.',
        promotionTable(promotions),
      ]
    : []),
  `Measured on ${surroundings()}; ${seconds} s for each fault, which begins after a third of it.`,
].join('\n\n');

console.log(`\n${text}`);
if (positionals.length === 0 && broken.length === 0) await writeBetweenMarkers(text);
for (const each of broken) console.error(each);
process.exitCode = broken.length === 0 ? 0 : 1;

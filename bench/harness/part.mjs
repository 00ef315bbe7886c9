import { print } from './report.mjs';
import { surroundings } from './machine.mjs';

// Runs one measurement, prints it, and sends it to the process that keeps the results.

const { title, about, packages, measure } = await import(`../parts/${process.argv[2]}.mjs`);
const section = { title, about, ...surroundings(packages), ...(await measure()) };
print(section);
if (process.send === undefined) process.exit();
process.send(section, () => process.exit());

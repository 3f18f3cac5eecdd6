// `npm run conformance`: the totals of the rules, what is left out and why, and 1 as exit code when a rule has no test.
import { allTitles, problemsOf, readRequirements, reportOf } from './requirements.ts';

const rows = readRequirements();
const problems = problemsOf(rows, await allTitles());
process.stdout.write(`${reportOf(rows, problems)}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;

// The words in which a run of the fuzz tells what it found.
import type { Failure, Outcome } from './run.ts';

const mb = (bytes: number): string => (bytes / 1024 / 1024).toFixed(0);

export function lineOf(outcome: Outcome): string {
  const { target, seed, seconds, cases, probes, slowestProbeMs, lateProbes, turnMs, wallMs, usedBefore, usedAfter } =
    outcome;
  const { rss, logBytes, longestLine, failure } = outcome;
  const late = lateProbes > 0 ? `, ${lateProbes} late and not again` : '';
  const memory = usedAfter > 0 ? `${mb(usedBefore)} → ${mb(usedAfter)} MB in use, ` : '';
  return [
    `${failure ? 'FAILED' : 'ok    '} ${target.padEnd(16)} seed ${seed}: ${cases} cases in ${seconds.toFixed(0)} s`,
    `longest turn ${turnMs.toFixed(0)} ms (${wallMs.toFixed(0)} by the clock)`,
    `${probes} probes, slowest ${slowestProbeMs.toFixed(0)} ms${late}`,
    `${memory}${mb(rss)} MB resident`,
    `${(logBytes / 1024).toFixed(0)} KB of log, longest line ${longestLine}`,
  ].join('; ');
}

/** The command that plays a failure again: one case where one is enough, else all that were played before it. */
export function commandOf(target: string, { seed, index, from, to }: Failure): string {
  const cases = index === undefined ? `${from}-${to}` : String(index);
  return `npm run fuzz -- --seed ${seed} --case ${cases} ${target}`;
}

export function failureText({ target, failure }: Outcome): string {
  if (!failure) return '';
  const lines = failure.lastLines.map(line => `    ${line}`).join('\n');
  return `${target}: ${failure.what}\n  again: ${commandOf(target, failure)}\n  its last lines:\n${lines}\n`;
}

// The progress of a rollout as text: a table for a terminal, or one line. Pure.

type Totals = Readonly<Record<string, number>>;

/** The answer of `GET /rollouts/{id}`. */
export interface WatchedRollout {
  id: string;
  state: string;
  reason?: string;
  wave: number;
  sizes: readonly number[];
  firmware: { file: string; version: string };
  totals: Totals;
  /** Devices that had stayed away when it ended. */
  waiting?: number;
  perWave: readonly { wave: number; size: number; totals: Totals }[];
  devices: { items: readonly { device: string; state: string; reason?: string }[] };
  ended: string | null;
}

const underWay = ['offered', 'downloading', 'installed', 'soaking'];
const columns = ['done', 'reverted', 'under way', 'failed', 'skipped', 'planned'] as const;
const BAR = 30;

const of = (totals: Totals, state: string): number => totals[state] ?? 0;

function countsOf(totals: Totals): Record<(typeof columns)[number], number> {
  return {
    done: of(totals, 'done'),
    reverted: of(totals, 'reverted'),
    'under way': underWay.reduce((sum, state) => sum + of(totals, state), 0),
    failed: of(totals, 'failed'),
    skipped: of(totals, 'skipped'),
    planned: of(totals, 'planned'),
  };
}

const wholeOf = (totals: Totals): number => Object.values(countsOf(totals)).reduce((sum, count) => sum + count, 0);

/** `#` done, `x` failed, `-` skipped, `>` under way, `.` planned. Each state with a device has at least one character. */
export function bar(totals: Totals, width = BAR): string {
  const { done, reverted, failed, skipped, planned, ...others } = countsOf(totals);
  const parts: [string, number][] = [
    ['#', done + reverted],
    ['x', failed],
    ['-', skipped],
    ['>', others['under way']],
    ['.', planned],
  ];
  const whole = parts.reduce((sum, [, count]) => sum + count, 0);
  if (whole === 0) return '.'.repeat(width);
  const lengths = parts.map(([, count]) => (count === 0 ? 0 : Math.max(1, Math.floor((count * width) / whole))));
  const longest = lengths.indexOf(Math.max(...lengths));
  const rest = width - lengths.reduce((sum, length) => sum + length, 0);
  lengths[longest] = (lengths[longest] ?? 0) + rest;
  return parts.map(([sign], at) => sign.repeat(lengths[at] ?? 0)).join('');
}

const percentOf = (totals: Totals): string => {
  const whole = wholeOf(totals);
  const { planned, ...others } = countsOf(totals);
  const ended = whole - planned - others['under way'];
  return whole === 0 ? '0 %' : `${Math.floor((100 * ended) / whole)} %`;
};

const stateText = ({ state, wave, sizes, reason, waiting = 0 }: WatchedRollout): string =>
  [
    state,
    sizes.length > 0 && state === 'running' ? `, wave ${wave} of ${sizes.length}` : '',
    waiting > 0 ? `, ${waiting} waiting` : '',
    reason ? ` (${reason})` : '',
  ].join('');

/** The table for a terminal. @param width its columns */
export function screenOf(rollout: WatchedRollout, width: number): string[] {
  const { id, firmware, totals, perWave, devices } = rollout;
  const row = (name: string, cells: readonly (string | number)[]): string =>
    name.padEnd(12) + cells.map(cell => String(cell).padStart(10)).join('');
  const failed = devices.items.filter(({ state }) => state === 'failed');
  const lines = [
    `${id}: ${firmware.file} (${firmware.version}), ${stateText(rollout)}`,
    `[${bar(totals)}] ${percentOf(totals)} of ${wholeOf(totals)}`,
    '',
    row('', columns),
    ...perWave.map(wave => row(`wave ${wave.wave}`, Object.values(countsOf(wave.totals)))),
    row('all', Object.values(countsOf(totals))),
    ...(failed.length > 0 ? ['', ...failed.map(({ device, reason = '' }) => `${device}: ${reason}`)] : []),
  ];
  return lines.map(line => (line.length > width ? `${line.slice(0, Math.max(1, width - 1))}…` : line));
}

/** One line for a log; it is the same while nothing changes. */
export function lineOf(rollout: WatchedRollout): string {
  const counts = Object.entries(countsOf(rollout.totals)).filter(([, count]) => count > 0);
  const shown = counts.map(([name, count]) => `${count} ${name}`).join(', ');
  return `${rollout.id}: ${stateText(rollout)}${shown ? `: ${shown}` : ''}`;
}

// The server: whether it can work, how it is reached, its load over a day, its backup.
import type { JSX } from 'preact';
import { getReadiness, getServer, type Server } from '../../api/administration/server.ts';
import { readSeries, type Series } from '../../api/series.ts';
import { Age } from '../../components/age.tsx';
import { Chart } from '../../components/charts/chart.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { Panel } from '../../components/panel.tsx';
import { Pair } from '../../components/records/pair.tsx';
import { useResource } from '../../state/resource.ts';
import { admin } from '../../words/en/admin.ts';
import { bytes, number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('admin', admin);
const NAMES = ['informs', 'sessionP95', 'open', 'queue', 'memory', 'faults'] as const;
type Name = (typeof NAMES)[number];
const EVERY_MS = 30_000;
const COMMANDS = [
  'npm start -- backup acs.backup',
  'npm start -- check acs.backup',
  'npm start -- restore acs.backup --data data-new',
];

export function ServerPart(): JSX.Element {
  const server = useResource('server', getServer);
  const readiness = useResource('ready', getReadiness, { everyMs: EVERY_MS });
  const series = useResource('series', async signal => await readSeries(NAMES, { from: '-24h', points: 288 }, signal), {
    everyMs: EVERY_MS,
  });
  return (
    <div class="cols">
      <Panel title={words().server.health} of={readiness} class="c6" rows={1}>
        {({ isReady, reason }) => (
          <p>
            <span class={`st ${isReady ? 'ok' : 'fail'}`}>
              {isReady ? words().server.ready : words().server.notReady}
            </span>{' '}
            {!isReady && reason}
          </p>
        )}
      </Panel>
      <Panel title={words().tabs.server} of={server} class="c6">
        {facts => <Facts server={facts} />}
      </Panel>
      <Panel title={words().server.load} of={series}>
        {found => <Load series={found} />}
      </Panel>
      <Backup />
    </div>
  );
}

function Facts({ server }: { server: Server }): JSX.Element {
  const texts = words().server;
  const { started, cwmp, publicUrl, cpeAuth, enrol, stun, workers } = server;
  return (
    <dl class="kv">
      <Pair name={texts.started}>
        <Age at={started} />
      </Pair>
      <Pair name={texts.reach}>
        <span class="mono wrap-any">{cwmp.join(', ')}</span>
      </Pair>
      {publicUrl !== null && (
        <Pair name={texts.publicUrl}>
          <span class="mono wrap-any">{publicUrl}</span>
        </Pair>
      )}
      <Pair name={texts.login}>{texts.logins[cpeAuth]}</Pair>
      <Pair name={texts.enrol}>{texts.enrols[enrol]}</Pair>
      {stun !== null && (
        <Pair name={texts.stun}>
          <span class="mono">{stun}</span>
        </Pair>
      )}
      <Pair name={texts.workers}>{workers ? texts.yes : texts.no}</Pair>
    </dl>
  );
}

const formats: Readonly<Record<Name, (value: number) => string>> = {
  informs: value => words().server.perSecond(rounded(value)),
  faults: value => words().server.perSecond(rounded(value)),
  sessionP95: value => `${rounded(value * 1000)} ms`,
  open: value => rounded(value),
  queue: value => rounded(value),
  memory: bytes,
};

const rounded = (value: number): string => number(Math.round(value * 10) / 10);

function Load({ series: { series } }: { series: Series }): JSX.Element {
  const known = series.filter(({ points }) => points.length > 1);
  if (known.length === 0) return <p class="ink-3">{words().server.noSeries}</p>;
  return (
    <div class="cols">
      {known.map(({ name, points }) => {
        const metric = name as Name;
        const label = words().server.series[metric];
        const format = formats[metric];
        return (
          <div class="c6 stack tight" key={name}>
            <h3>{label}</h3>
            <Chart
              times={points.map(({ time }) => Date.parse(time))}
              lines={[{ label, look: 'filled', values: points.map(({ avg }) => avg), format }]}
              height={110}
              summary={words().server.chart(label, format(points.at(-1)?.avg ?? 0))}
            />
          </div>
        );
      })}
    </div>
  );
}

const Backup = (): JSX.Element => (
  <section class="panel" aria-label={words().server.backup}>
    <header>
      <h2>{words().server.backup}</h2>
    </header>
    <div class="body stack">
      <p>{words().server.backupText}</p>
      <p>{words().server.backupCheck}</p>
      {COMMANDS.map(command => (
        <p class="row" key={command}>
          <code class="wrap-any">{command}</code>
          <CopyButton text={() => command} />
        </p>
      ))}
    </div>
  </section>
);

// The counts that an operator looks at first, each a link to what is counted.
import type { ComponentChildren, JSX } from 'preact';
import type { Summary } from '../../api/shapes.ts';
import { hrefOf } from '../../state/location.ts';
import { overview } from '../../words/en/overview.ts';
import { number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('overview', overview);

interface TileProps {
  href: string;
  label: string;
  count: number;
  /** Beside the number. */
  aside?: string | undefined;
  children?: ComponentChildren;
}

const Tile = ({ href, label, count, aside, children }: TileProps): JSX.Element => (
  <a class="tile" href={href}>
    <span class="l">{label}</span>
    <span class="n">
      {number(count)}
      {aside !== undefined && <span class="small ink-3"> {aside}</span>}
    </span>
    <span class="d">{children}</span>
  </a>
);

/** Texts with points between them. */
const listed = (texts: readonly (string | false)[]): string => texts.filter(text => text !== false).join(' · ');

/** @param certificates the filter of devices with a certificate that ends soon, where there are any */
export function Tiles({
  counts: { states, faults, drift, knocking, rollouts, jobs, alerts, certificatesEnding },
  certificates,
}: {
  counts: Summary;
  certificates: string | undefined;
}): JSX.Element {
  const { quarantine = 0, held = 0 } = states;
  const [running, paused] = [
    (rollouts.running ?? 0) + (jobs.running ?? 0),
    (rollouts.paused ?? 0) + (jobs.paused ?? 0),
  ];
  const { critical = 0, warning = 0, info = 0 } = alerts ?? {};
  return (
    <nav class="tiles" aria-label={words().counts}>
      <Tile href={hrefOf('/faults')} label={words().faults} count={faults.open}>
        {faults.open > 0 && words().groups(faults.groups)}
        {faults.today > 0 && <span class="bad"> · {words().today(faults.today)}</span>}
      </Tile>
      {drift !== undefined && (
        <Tile href={hrefOf('/devices', { q: 'drift' })} label={words().drift} count={drift}>
          {words().driftAbout(drift)}
        </Tile>
      )}
      <Tile href={hrefOf('/enrolment/quarantine')} label={words().door} count={quarantine + held + knocking}>
        {listed([words().quarantine(quarantine), words().held(held), words().knocking(knocking)])}
      </Tile>
      <Tile
        href={hrefOf('/rollouts')}
        label={words().rollouts}
        count={running}
        aside={paused > 0 ? words().ofRunning(running + paused) : undefined}
      >
        {paused > 0 && words().paused(paused)}
      </Tile>
      {alerts && (
        <Tile href={hrefOf('/alerts')} label={words().alerts} count={critical + warning + info}>
          {listed([critical > 0 && words().critical(critical), warning > 0 && words().warnings(warning)])}
        </Tile>
      )}
      {certificatesEnding !== undefined && (
        <Tile href={hrefOf('/devices', { q: certificates })} label={words().certificates} count={certificatesEnding}>
          {words().within}
        </Tile>
      )}
    </nav>
  );
}

// The services of a device, in one vocabulary over the data models: lines, wireless networks, hosts.
import type { JSX } from 'preact';
import type { Device } from '../../../api/shapes.ts';
import { Panel } from '../../../components/panel.tsx';
import { deviceSummary as english } from '../../../words/en/device/summary.ts';
import { number } from '../../../words/format.ts';
import { textsOf } from '../../../words/texts.ts';
import { hrefOfTab } from '../places.ts';
import { type FactProps, factNamed, factsNamed, numberOf, textOf } from './facts.ts';
import { Row } from './row.tsx';

const words = textsOf('deviceSummary', english);
const tones = { registered: 'ok', registering: 'warn', unregistered: 'idle', failed: 'fail' } as const;
type LineState = keyof typeof tones;
/** Lines of a device that are shown; the others are in its parameters. */
const MOST = 8;

export function ServicesPanel({ device, facts }: { device: Device } & FactProps): JSX.Element {
  const texts = words().services;
  const lines = factsNamed(facts, 'lineState');
  const networks = factsNamed(facts, 'wifiOn');
  const hosts = factNamed(facts, 'hosts');
  const isEmpty = lines.length === 0 && networks.length === 0 && !hosts;
  return (
    <Panel
      title={texts.title}
      class="c4"
      of={facts}
      aside={
        lines.length + networks.length > MOST && (
          <span class="push small">
            <a href={hrefOfTab(device.id, 'parameters')}>{texts.all(lines.length + networks.length)}</a>
          </span>
        )
      }
    >
      {() =>
        isEmpty ? (
          <p class="ink-2">{texts.none}</p>
        ) : (
          <dl class="kv">
            {lines.slice(0, MOST).map(line => (
              <Row key={line.path} name={line.of || texts.line} at={line.time}>
                <LineState of={textOf(line)} />
              </Row>
            ))}
            {networks.slice(0, MOST).map(network => (
              <Row key={network.path} name={texts.network} at={network.time}>
                <span class={`st ${network.value === true ? 'ok' : 'idle'}`}>{network.of || textOf(network)}</span>
              </Row>
            ))}
            {hosts && (
              <Row name={texts.hosts} at={hosts.time}>
                {numberOf(hosts) === undefined ? textOf(hosts) : number(numberOf(hosts) ?? 0)}
              </Row>
            )}
          </dl>
        )
      }
    </Panel>
  );
}

const isLineState = (text: string): text is LineState => Object.hasOwn(tones, text);

/** A state that is none of the known ones is shown as the device has written it. */
const LineState = ({ of }: { of: string }): JSX.Element =>
  isLineState(of) ? (
    <span class={`st ${tones[of]}`}>{words().services.states[of]}</span>
  ) : (
    <span class="st odd">{of}</span>
  );

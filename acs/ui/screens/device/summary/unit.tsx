// The unit itself: its firmware and hardware, its rollout, its restart, its certificates.
import type { JSX } from 'preact';
import type { Device } from '../../../api/shapes.ts';
import { hrefOf } from '../../../state/location.ts';
import { deviceSummary as english } from '../../../words/en/device/summary.ts';
import { bytes, dateTime } from '../../../words/format.ts';
import { textsOf } from '../../../words/texts.ts';
import { type FactProps, factNamed, factsNamed, numberOf, textOf } from './facts.ts';
import { Row } from './row.tsx';

const words = textsOf('deviceSummary', english);
const MOST = 4;

export function UnitPanel({ device, facts }: { device: Device } & FactProps): JSX.Element {
  const texts = words().unit;
  const { firmware, hardware, lastInform, rollout, restart, created, lastBoot, provisioningCode } = device;
  const clock = factNamed(facts, 'clockState');
  return (
    <section class="panel c4" aria-label={texts.title}>
      <header>
        <h2>{texts.title}</h2>
        {rollout && (
          <span class="push small">
            <a href={hrefOf(`/rollouts/${encodeURIComponent(rollout.id)}`)}>{rollout.id}</a>
          </span>
        )}
      </header>
      <div class="body">
        <dl class="kv">
          <Row name={texts.runs} at={lastInform}>
            <span class="mono">{firmware || texts.notKnown}</span>
          </Row>
          {hardware && <Row name={texts.hardware}>{hardware}</Row>}
          {rollout && (
            <Row name={texts.rollout}>
              {texts.wave(rollout.wave)} <span class="ink-3">{rollout.reason ?? rollout.state}</span>
            </Row>
          )}
          {restart && (
            <Row name={texts.restart} at={restart.since}>
              {restart.services.length > 0 ? restart.services.join(', ') : texts.wholeUnit}{' '}
              <span class="ink-3">{restart.waits}</span>
            </Row>
          )}
          {lastBoot && <Row name={texts.booted}>{dateTime(lastBoot)}</Row>}
          <Row name={texts.known}>{dateTime(created)}</Row>
          {provisioningCode && <Row name={texts.provisioningCode}>{provisioningCode}</Row>}
          {clock && (
            <Row name={texts.clock} at={clock.time}>
              {textOf(clock)}
            </Row>
          )}
          <Memory facts={facts} />
          {factsNamed(facts, 'certificateEnd')
            .slice(0, MOST)
            .map(fact => (
              <Row key={fact.path} name={texts.certificate} at={fact.time}>
                {fact.value === null ? textOf(fact) : dateTime(String(fact.value))}{' '}
                <span class="ink-3 wrap-any">{fact.of}</span>
              </Row>
            ))}
        </dl>
      </div>
    </section>
  );
}

function Memory({ facts }: FactProps): JSX.Element | null {
  const [total, free] = [factNamed(facts, 'memoryTotal'), factNamed(facts, 'memoryFree')];
  const [all, left] = [numberOf(total), numberOf(free)];
  if (!free || left === undefined) return null;
  const texts = words().unit;
  return (
    <Row name={texts.memory} at={free.time}>
      {all === undefined ? texts.free(bytes(left * 1000)) : texts.freeOf(bytes(left * 1000), bytes(all * 1000))}
    </Row>
  );
}

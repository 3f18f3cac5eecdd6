// The head of a device: its serial number, its state, and what can be done with it.
import type { ComponentChildren, JSX } from 'preact';
import { quotedText } from '../../../query/quote.ts';
import type { Device } from '../../api/shapes.ts';
import { Age } from '../../components/age.tsx';
import { Icon } from '../../components/icon.tsx';
import { Liveness } from '../../components/liveness.tsx';
import { now } from '../../state/clock.ts';
import { may } from '../../state/session.ts';
import { device as english } from '../../words/en/device/device.ts';
import { span } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';
import { ActionBar } from './actions/bar.tsx';
import { openDialog } from './actions/opened.ts';
import { hrefOfFilter } from './places.ts';
import type { TabProps } from './props.ts';

const words = textsOf('device', english);

export const DeviceHeader = (props: TabProps): JSX.Element => (
  <div class="head">
    <div class="stack">
      <div class="row">
        <h1 class="mono">{props.device.serial}</h1>
        <State of={props.device} />
        {props.device.tags.map(tag => (
          <a class="tag" key={tag} href={hrefOfFilter(`tag = ${quotedText(tag)}`)}>
            {tag}
          </a>
        ))}
        {may('patchDevice') && (
          <button class="btn quiet tiny notphone" type="button" onClick={() => openDialog('tags')}>
            <Icon name="plus" />
            {words().tag}
          </button>
        )}
      </div>
      <About device={props.device} />
    </div>
    <ActionBar {...props} />
  </div>
);

/** A device that is managed is online, late or lost; of others its state counts. */
function State({ of: { state, liveness } }: { of: Device }): JSX.Element {
  if (state === 'enrolled') return <Liveness of={liveness} />;
  const tone = { known: 'idle', quarantine: 'odd', held: 'held', replaced: 'idle' }[state];
  return <span class={`st ${tone}`}>{words().states[state]}</span>;
}

/** Product, firmware, site, address and Informs, in one line. */
function About({ device }: { device: Device }): JSX.Element {
  const { manufacturer, productClass, firmware, site, address, lastInform, nextInform } = device;
  const name = site.name ?? '';
  return (
    <p class="ink-2 about">
      <Part>
        {[manufacturer, productClass].filter(Boolean).join(' ')} <span class="mono">{firmware}</span>
      </Part>
      {name && (
        <Part>
          <a href={hrefOfFilter(`site.name = ${quotedText(name)}`)}>{name}</a>
        </Part>
      )}
      {address && (
        <Part>
          <span class="mono">{address}</span>
        </Part>
      )}
      {lastInform && (
        <Part>
          <Age at={lastInform} say={words().informed} />
        </Part>
      )}
      {nextInform && <Part>{dueIn(nextInform)}</Part>}
    </p>
  );
}

const Part = ({ children }: { children: ComponentChildren }): JSX.Element => <span>{children}</span>;

function dueIn(time: string): string {
  const left = Date.parse(time) - now.value;
  return left >= 0 ? words().nextIn(span(left)) : words().overdue(span(-left));
}

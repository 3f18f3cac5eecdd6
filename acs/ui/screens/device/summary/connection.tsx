// The connection between a device and the ACS.
import type { JSX } from 'preact';
import type { Device } from '../../../api/shapes.ts';
import { Age } from '../../../components/age.tsx';
import { deviceSummary as english } from '../../../words/en/device/summary.ts';
import { span } from '../../../words/format.ts';
import { textsOf } from '../../../words/texts.ts';

const words = textsOf('deviceSummary', english);

export const ConnectionPanel = ({ device }: { device: Device }): JSX.Element => (
  <section class="panel c4">
    <header>
      <h2>{words().connection.title}</h2>
    </header>
    <div class="body">
      <dl class="kv">
        <dt>{words().connection.address}</dt>
        <dd>
          {device.lastInform && <Age at={device.lastInform} />}
          <span class="mono">{device.address}</span>
        </dd>
        {device.informInterval !== null && (
          <>
            <dt>{words().connection.interval}</dt>
            <dd>{span(device.informInterval * 1000)}</dd>
          </>
        )}
      </dl>
    </div>
  </section>
);

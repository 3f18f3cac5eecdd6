// Other presets, and overrides of devices, that want other values on the same devices.
import { Fragment, type JSX } from 'preact';
import type { Conflict, DryRun } from '../../../api/presets.ts';
import { Path } from '../../../components/path.tsx';
import { hrefOf } from '../../../state/location.ts';
import { presets } from '../../../words/en/presets.ts';
import { textsOf } from '../../../words/texts.ts';

const words = textsOf('presets', presets);
const OVERRIDE = 'override';

export function Conflicts({ result: { conflicts = [] } }: { result: DryRun }): JSX.Element {
  return (
    <section class="panel" aria-label={words().againstOthers}>
      <header>
        <h2>{words().againstOthers}</h2>
      </header>
      <div class="body">
        {conflicts.length === 0 ? (
          <p class="ink-2">{words().noConflicts}</p>
        ) : (
          <dl class="kv">
            {conflicts.map(conflict => (
              <ConflictRow key={`${conflict.preset} ${conflict.wins} ${conflict.paths.join()}`} conflict={conflict} />
            ))}
          </dl>
        )}
      </div>
    </section>
  );
}

function ConflictRow({ conflict: { preset, paths, devices, wins } }: { conflict: Conflict }): JSX.Element {
  const isOther = wins === preset;
  return (
    <>
      <dt>
        {preset === OVERRIDE ? (
          words().overrides
        ) : (
          <a href={hrefOf(`/presets/${encodeURIComponent(preset)}`)}>{preset}</a>
        )}
      </dt>
      <dd>
        {paths.map(path => (
          <Fragment key={path}>
            <Path of={path} />{' '}
          </Fragment>
        ))}
        <b class={isOther ? 'warn' : ''}>{isOther ? words().wins : words().losesTo}</b> {words().onDevices(devices)}
      </dd>
    </>
  );
}

// The changes of a dry run: one of each kind, or device by device.
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ChangeKind, DryRun } from '../../../api/presets.ts';
import { ValueChange } from '../../../components/diff/value-change.tsx';
import { Icon } from '../../../components/icon.tsx';
import { hrefOf } from '../../../state/location.ts';
import { presets } from '../../../words/en/presets.ts';
import { number } from '../../../words/format.ts';
import { textsOf } from '../../../words/texts.ts';

const words = textsOf('presets', presets);
/** Kinds, and devices, that are shown before the rest is asked for. */
const FIRST = 20;

export function Changes({ result }: { result: DryRun }): JSX.Element {
  const { kinds = [], devices, matched, others = 0 } = result;
  const [isByDevice, setByDevice] = useState(false);
  const [isAll, setAll] = useState(false);
  const all = isByDevice ? devices.length : kinds.length;
  const most = isAll ? all : FIRST;
  return (
    <section class="panel" aria-label={words().whatChanges}>
      <header>
        <h2>{words().whatChanges}</h2>
        <span class="chips">
          <button class="chip" type="button" aria-current={!isByDevice} onClick={() => setByDevice(false)}>
            {words().oneOfEachKind} <b>{number(kinds.length)}</b>
          </button>
          <button class="chip" type="button" aria-current={isByDevice} onClick={() => setByDevice(true)}>
            {words().byDevice} <b>{number(matched)}</b>
          </button>
        </span>
      </header>
      {matched === 0 && <p class="body ink-2">{words().nothingChanges}</p>}
      <div class="diff">
        {isByDevice
          ? devices.slice(0, most).map(device => <DeviceChanges key={device.device} device={device} />)
          : kinds.slice(0, most).map(kind => <KindChanges key={keyOf(kind)} kind={kind} />)}
      </div>
      <Rest
        shown={Math.min(most, all)}
        all={all}
        onAll={() => setAll(true)}
        beyond={isByDevice ? matched - devices.length : others}
      />
    </section>
  );
}

const keyOf = ({ example, set }: ChangeKind): string => `${example} ${set.length} ${set[0]?.wanted ?? ''}`;

const DeviceLink = ({ id }: { id: string }): JSX.Element => (
  <a class="mono" href={hrefOf(`/devices/${encodeURIComponent(id)}/wanted`)}>
    {id}
  </a>
);

const Kind = ({ children }: { children: ComponentChildren }): JSX.Element => <div class="kind">{children}</div>;

const Losing = ({ text }: { text: string }): JSX.Element => (
  <span class="bad">
    <Icon name="shield" /> {text}
  </span>
);

const KindChanges = ({ kind: { count, set, tables, files, breaks, example } }: { kind: ChangeKind }): JSX.Element => (
  <>
    <Kind>
      {words().devicesSuchAs(count)} <DeviceLink id={example} />{' '}
      {breaks > 0 && <Losing text={words().loseAConnection(breaks)} />}
    </Kind>
    {set.map(({ path, known, wanted }) => (
      <ValueChange
        key={path}
        path={path}
        from={known ?? undefined}
        to={wanted}
        without={{ from: known === null ? words().neverRead : words().differs, to: words().differs }}
      />
    ))}
    <Others tables={tables} files={files} />
  </>
);

const DeviceChanges = ({
  device: { device, set, files, links },
}: {
  device: DryRun['devices'][number];
}): JSX.Element => {
  const lost = links.filter(({ before, after }) => after?.verdict === 'loses' && before?.verdict !== 'loses');
  return (
    <>
      <Kind>
        <DeviceLink id={device} />{' '}
        {lost.length > 0 && <Losing text={words().losesLinks(lost.map(({ link }) => link))} />}
      </Kind>
      {set.map(({ path, known, wanted }) => (
        <ValueChange
          key={path}
          path={path}
          from={known ?? undefined}
          to={wanted}
          without={{ from: words().neverRead }}
        />
      ))}
      <Others tables={[]} files={files} />
    </>
  );
};

const Others = ({ tables, files }: { tables: readonly string[]; files: readonly string[] }): JSX.Element => (
  <>
    {tables.map(table => (
      <ValueChange key={table} path={table} from={undefined} to={words().otherRows} />
    ))}
    {files.map(file => (
      <ValueChange key={file} path={words().file} from={undefined} to={file} />
    ))}
  </>
);

interface RestProps {
  shown: number;
  all: number;
  onAll: () => void;
  /** Devices that the answer does not list. */
  beyond: number;
}

function Rest({ shown, all, onAll, beyond }: RestProps): JSX.Element | null {
  if (shown === all && beyond <= 0) return null;
  return (
    <footer class="row">
      {shown < all && (
        <button class="btn tiny" type="button" onClick={onAll}>
          {words().showAll(all)}
        </button>
      )}
      {beyond > 0 && <span>{words().beyond(beyond)}</span>}
    </footer>
  );
}

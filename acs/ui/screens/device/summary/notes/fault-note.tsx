// A fault of a device: what it keeps, since when, and the one action that mends it.
import type { JSX } from 'preact';
import { quotedText } from '../../../../../query/quote.ts';
import { clearFault } from '../../../../api/device/work.ts';
import { listDevices } from '../../../../api/devices.ts';
import { problemOf } from '../../../../api/problem.ts';
import type { Device, Fault } from '../../../../api/shapes.ts';
import { Age } from '../../../../components/age.tsx';
import { Note } from '../../../../components/note.tsx';
import { now } from '../../../../state/clock.ts';
import { hrefOf } from '../../../../state/location.ts';
import { useResource } from '../../../../state/resource.ts';
import { may } from '../../../../state/session.ts';
import { tell } from '../../../../state/toasts.ts';
import { deviceSummary as english } from '../../../../words/en/device/summary.ts';
import { faultName } from '../../../../words/fault-texts.ts';
import { span } from '../../../../words/format.ts';
import { textsOf } from '../../../../words/texts.ts';
import { openDialog } from '../../actions/opened.ts';
import { hrefOfFilter, hrefOfTab } from '../../places.ts';

const words = textsOf('deviceSummary', english);
const FIELD = /\bsite\.([\w-]+)/;

export interface FaultNoteProps {
  device: Device;
  fault: Fault;
  reload: () => void;
}

export function FaultNote({ device, fault, reload }: FaultNoteProps): JSX.Element {
  const { id, code, message, hint, parameter, first } = fault;
  const texts = words().fault;
  const again = async (): Promise<void> => {
    try {
      await clearFault(id);
      tell({ tone: 'ok', text: texts.retried(device.serial) });
      reload();
    } catch (error) {
      tell({ tone: 'bad', text: problemOf(error).message });
    }
  };
  return (
    <Note tone="bad">
      <p>
        <b>{faultName(code)}</b> <b class="mono">{code}</b> <Age at={first} say={words().since} />{' '}
        <Cause device={device} fault={fault} />
      </p>
      <p class="wrap-any">
        {message} {parameter && !message.includes(parameter) && <span class="mono wrap-any">{parameter}</span>}
      </p>
      <p class="ink-2">{hint}</p>
      <p class="row">
        <Mend device={device} fault={fault} />
        {may('deleteFault') && (
          <button class="btn tiny quiet" type="button" onClick={() => void again()}>
            {texts.tryAgain}
          </button>
        )}
        <Others fault={fault} />
        <NextTry at={fault.retryAt} />
      </p>
    </Note>
  );
}

/** The cause in words, with a link to it. */
export function Cause({ device, fault: { cause } }: Pick<FaultNoteProps, 'device' | 'fault'>): JSX.Element {
  const texts = words().fault;
  const [kind = '', name = ''] = parted(cause);
  if (kind === 'preset' || kind === 'drift')
    return <a href={hrefOf(`/presets/${encodeURIComponent(name)}`)}>{texts.preset(name)}</a>;
  if (kind === 'override' || kind === 'fight')
    return (
      <a class="wrap-any" href={hrefOfTab(device.id, 'parameters', { path: name })}>
        {texts.override(name)}
      </a>
    );
  if (kind === 'task') return <a href={hrefOfTab(device.id, 'tasks', { task: name })}>{texts.task}</a>;
  return <span class="mono">{cause}</span>;
}

const parted = (cause: string): string[] => {
  const at = cause.indexOf(':');
  return at < 0 ? [cause] : [cause.slice(0, at), cause.slice(at + 1)];
};

/** The one action that mends it, as far as the page knows one beside trying again. */
function Mend({
  device,
  fault: { code, cause, message },
}: Pick<FaultNoteProps, 'device' | 'fault'>): JSX.Element | null {
  const texts = words().fault;
  const [kind, name = ''] = parted(cause);
  const field = FIELD.exec(message)?.[1];
  const button = (text: string, run: () => void): JSX.Element => (
    <button class="btn tiny" type="button" onClick={run}>
      {text}
    </button>
  );
  if (code === 'variable-missing' && field !== undefined && may('patchDevice'))
    return button(texts.giveField(field), () => openDialog('site', field));
  if (code === 'has-own-credentials' && may('approveDevice')) return button(texts.approve, () => openDialog('approve'));
  if (kind === 'override' && may('patchDevice'))
    return button(texts.changeOverride, () => openDialog('override', name));
  if ((kind === 'preset' || kind === 'drift') && may('putPreset') && device.state === 'enrolled')
    return (
      <a class="btn tiny" href={hrefOf(`/presets/${encodeURIComponent(name)}`)}>
        {texts.changePreset}
      </a>
    );
  return null;
}

/** Other devices with the same fault. */
function Others({ fault: { cause, code } }: { fault: Fault }): JSX.Element | null {
  const filter = `fault.cause = ${quotedText(cause)} and fault.code = ${quotedText(String(code))}`;
  const found = useResource(
    filter,
    async signal => await listDevices({ filter, fields: 'id', limit: 1, count: true }, signal),
  );
  const others = (found.value?.total ?? 1) - 1;
  if (others < 1) return null;
  return (
    <a class="btn tiny quiet" href={hrefOfFilter(filter)}>
      {words().fault.others(others)}
    </a>
  );
}

function NextTry({ at }: { at: string }): JSX.Element | null {
  const left = Date.parse(at) - now.value;
  return left > 0 ? <span class="age small">{words().fault.nextTry(span(left))}</span> : null;
}

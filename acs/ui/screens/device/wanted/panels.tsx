// Beside the wanted values: tables, files, what waits for a restart, and the presets.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { addTask } from '../../../api/device/parameters.ts';
import type { Wanted } from '../../../api/device/wanted.ts';
import type { Device } from '../../../api/shapes.ts';
import { Confirm } from '../../../components/dialogs/confirm.tsx';
import { Path } from '../../../components/path.tsx';
import { hrefOf } from '../../../state/location.ts';
import { may } from '../../../state/session.ts';
import { tell } from '../../../state/toasts.ts';
import { wanted as english } from '../../../words/en/device/wanted.ts';
import { number, timeOfDay } from '../../../words/format.ts';
import { textsOf } from '../../../words/texts.ts';
import { hrefOfTab } from '../places.ts';
import { countOf } from './states.ts';

const words = textsOf('deviceWanted', english);

const PresetLink = ({ name }: { name: string }): JSX.Element => (
  <a href={hrefOf(`/presets/${encodeURIComponent(name)}`)}>{name}</a>
);

export const TablesPanel = ({ wanted: { objects } }: { wanted: Wanted }): JSX.Element => (
  <section class="panel">
    <header>
      <h2>{words().tables}</h2>
    </header>
    <div class="body">
      <table class="kvt">
        <tbody>
          {objects.map(({ table, preset, rows, keys, exclusive }) => (
            <tr key={table}>
              <td>
                <Path of={table} />
              </td>
              <td>
                {words().rows(rows.length)} {exclusive && words().exclusive}
                <p class="ink-3 small">{rows.map(row => keys.map(key => row[key] ?? '').join(' ')).join(', ')}</p>
              </td>
              <td class="num">
                <PresetLink name={preset} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  </section>
);

export const FilesPanel = ({ wanted: { files } }: { wanted: Wanted }): JSX.Element => (
  <section class="panel c4">
    <header>
      <h2>{words().files}</h2>
    </header>
    <div class="body">
      {files.length === 0 ? (
        <p class="ink-3">{words().noFiles}</p>
      ) : (
        <dl class="kv">
          {files.map(({ name, applied, preset }) => (
            <div class="row" key={name}>
              <dt class="wrap-any">{name}</dt>
              <dd class="row push">
                <span class={`st ${applied ? 'ok' : 'warn'}`}>{applied ? words().hasIt : words().lacksIt}</span>
                <PresetLink name={preset} />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  </section>
);

export function RestartPanel({ device, wanted: { restart } }: { device: Device; wanted: Wanted }): JSX.Element {
  const [isAsked, setAsked] = useState(false);
  const { pending } = restart;
  const reboot = async (): Promise<void> => {
    await addTask(device.id, { method: 'Reboot', args: {} }, true);
    const link = { href: hrefOfTab(device.id, 'tasks'), text: words().rebootAsked };
    tell({ tone: 'busy', text: words().rebootAsked, link });
  };
  return (
    <section class="panel c4">
      <header>
        <h2>{words().restart}</h2>
      </header>
      <div class="body stack">
        {pending === null ? (
          <p class="ink-3">{words().noRestart}</p>
        ) : (
          <>
            <p>
              {words().waitsTill[pending.wish](pending.services.join(', ') || words().whole, timeOfDay(pending.since))}
            </p>
            {pending.waits && <p class="ink-2">{pending.waits}</p>}
            {may('addTask') && (
              <div class="row">
                <button class="btn" type="button" onClick={() => setAsked(true)}>
                  {words().restartNow}
                </button>
              </div>
            )}
          </>
        )}
      </div>
      {isAsked && (
        <Confirm
          title={words().restartTitle}
          action={words().restartAction}
          isDangerous
          onConfirm={reboot}
          onClose={() => setAsked(false)}
        >
          <p>{words().restartText}</p>
        </Confirm>
      )}
    </section>
  );
}

export function PresetsPanel({ wanted }: { wanted: Wanted }): JSX.Element {
  const fitting = wanted.presets.filter(({ fits }) => fits);
  return (
    <section class="panel c4">
      <header>
        <h2>{words().presets}</h2>
        <span class="push small ink-3">{words().fitting(fitting.length, wanted.presets.length)}</span>
      </header>
      <div class="body">
        <table class="kvt">
          <tbody>
            {fitting.map(({ name, weight, blockedBy, refused }) => (
              <tr key={name}>
                <td>
                  <PresetLink name={name} />
                  {blockedBy && <p class="bad small">{words().blocked(String(blockedBy.code))}</p>}
                  {refused && (
                    <>
                      <p class="bad small">{words().refused}</p>
                      <p class="ink-2 small wrap-any">{refused}</p>
                    </>
                  )}
                </td>
                <td class="ink-3 num">{words().weight(weight)}</td>
                <td class="num">{words().count(countOf(wanted, name))}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {wanted.presets.length === 0 && <p class="ink-3">{number(0)}</p>}
      </div>
    </section>
  );
}

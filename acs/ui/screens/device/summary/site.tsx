// The words of operators about a device: its site fields, its overrides, its id.
import type { JSX } from 'preact';
import type { Device } from '../../../api/shapes.ts';
import { CopyButton } from '../../../components/copy-button.tsx';
import { Icon } from '../../../components/icon.tsx';
import { may } from '../../../state/session.ts';
import { deviceSummary as english } from '../../../words/en/device/summary.ts';
import { textsOf } from '../../../words/texts.ts';
import { openDialog } from '../actions/opened.ts';
import { hrefOfTab } from '../places.ts';
import { Row } from './row.tsx';

const words = textsOf('deviceSummary', english);
const MISSING = /\bsite\.([\w-]+)/;

export function SitePanel({ device }: { device: Device }): JSX.Element {
  const texts = words().site;
  const missing = missingFields(device);
  const overrides = Object.entries(device.overrides);
  return (
    <section class="panel c5" aria-label={texts.title}>
      <header>
        <h2>{texts.title}</h2>
        {may('patchDevice') && (
          <span class="push">
            <button class="btn tiny quiet" type="button" onClick={() => openDialog('site')}>
              <Icon name="edit" />
              {texts.edit}
            </button>
          </span>
        )}
      </header>
      <div class="body">
        <dl class="kv">
          {Object.entries(device.site).map(([name, value]) => (
            <Row key={name} name={`site.${name}`}>
              {value}
            </Row>
          ))}
          {missing.map(name => (
            <Row key={name} name={`site.${name}`}>
              <span class="bad">{texts.missing}</span>
            </Row>
          ))}
          <Row name={texts.overrides}>
            {overrides.length === 0 && texts.none}
            {overrides.map(([path, { value }]) => (
              <div key={path}>
                <a class="mono wrap-any" href={hrefOfTab(device.id, 'parameters', { path })}>
                  {path}
                </a>{' '}
                <span class="mono wrap-any">{value}</span>
              </div>
            ))}
          </Row>
          <Row name={texts.id}>
            <span class="mono wrap-any">{device.id}</span> <CopyButton text={() => device.id} label={texts.copyId} />
          </Row>
        </dl>
      </div>
    </section>
  );
}

/** Fields that presets want and the device lacks. */
export function missingFields({ faults, site }: Device): string[] {
  const names = faults.flatMap(({ code, message }) =>
    code === 'variable-missing' ? (MISSING.exec(message)?.[1] ?? []) : [],
  );
  return [...new Set(names)].filter(name => !(name in site));
}

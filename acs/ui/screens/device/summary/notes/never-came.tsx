// A device that was announced and has never come: the steps that bring it here, and its tries without a good login.
import type { JSX } from 'preact';
import { knockOf } from '../../../../api/device/device.ts';
import type { Device } from '../../../../api/shapes.ts';
import { Age } from '../../../../components/age.tsx';
import { Note } from '../../../../components/note.tsx';
import { hrefOf } from '../../../../state/location.ts';
import { useResource } from '../../../../state/resource.ts';
import { may } from '../../../../state/session.ts';
import { deviceSummary as english } from '../../../../words/en/device/summary.ts';
import { textsOf } from '../../../../words/texts.ts';

const words = textsOf('deviceSummary', english);

export function NeverCame({ device: { id, username } }: { device: Device }): JSX.Element {
  const knock = useResource(may('listKnocking') ? id : undefined, async signal => await knockOf(id, signal), {
    everyMs: 10_000,
  });
  const texts = words().never;
  const found = knock.value;
  return (
    <section class="panel" aria-label={texts.title}>
      <header>
        <h2>{texts.title}</h2>
      </header>
      <div class="body stack">
        {found && (
          <Note tone="warn">
            <p>
              {texts.knocked(found.count, found.address, found.reason)} <Age at={found.last} say={words().ago} />
            </p>
            <a href={hrefOf('/enrolment/knocking')}>{texts.toKnocking}</a>
          </Note>
        )}
        <ol class="steps">
          <li>{texts.url}</li>
          <li>{username === null ? texts.enrolmentLogin : texts.ownLogin(username)}</li>
          <li>{texts.trust}</li>
          <li>{texts.start}</li>
        </ol>
      </div>
    </section>
  );
}

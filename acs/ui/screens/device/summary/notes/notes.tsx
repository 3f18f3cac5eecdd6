// Notes on what keeps a device from being well, the most pressing first, each with the one action that mends it.
import type { JSX } from 'preact';
import { quotedText } from '../../../../../query/quote.ts';
import { Age } from '../../../../components/age.tsx';
import { Note } from '../../../../components/note.tsx';
import { hrefOf } from '../../../../state/location.ts';
import { may } from '../../../../state/session.ts';
import { deviceSummary as english } from '../../../../words/en/device/summary.ts';
import { textsOf } from '../../../../words/texts.ts';
import { openDialog } from '../../actions/opened.ts';
import { hrefOfTab } from '../../places.ts';
import type { TabProps } from '../../props.ts';
import { FaultNote } from './fault-note.tsx';
import { NeverCame } from './never-came.tsx';

const words = textsOf('deviceSummary', english);
/** More are in the tab of faults. */
const MOST = 3;

export function Notes(props: TabProps): JSX.Element {
  const { device } = props;
  const newest = [...device.faults].sort((a, b) => b.last.localeCompare(a.last));
  return (
    <>
      <StateNote {...props} />
      {newest.slice(0, MOST).map(fault => (
        <FaultNote key={fault.id} {...props} fault={fault} />
      ))}
      {newest.length > MOST && (
        <p>
          <a href={hrefOfTab(device.id, 'faults')}>{words().notes.moreFaults(newest.length - MOST)}</a>
        </p>
      )}
      {device.lastInform === null && device.state !== 'replaced' && <NeverCame device={device} />}
      {device.unfinished && (
        <Note tone="warn">
          <p>
            {words().notes.unfinished(device.unfinished.sessions)}{' '}
            <Age at={device.unfinished.since} say={words().ago} />
          </p>
          <p class="ink-2">{device.unfinished.error}</p>
        </Note>
      )}
      {device.drift.length > 0 && (
        <Note tone="warn">
          <p>{words().notes.drift(device.drift.length)}</p>
          <a href={hrefOfTab(device.id, 'wanted')}>{words().notes.toWanted}</a>
        </Note>
      )}
    </>
  );
}

/** A device that is not managed, or not any more. */
function StateNote({ device }: TabProps): JSX.Element | null {
  const texts = words().notes;
  const { state, hold, replacedBy, replaces, move } = device;
  if (replacedBy)
    return (
      <Note tone="warn">
        <p>
          {texts.replacedBy} <a href={hrefOfTab(replacedBy.id, 'summary')}>{replacedBy.id}</a>
        </p>
      </Note>
    );
  if (state === 'held' || state === 'quarantine')
    return (
      <Note tone="warn">
        <p>{state === 'held' ? texts.held : texts.quarantine}</p>
        {hold && <p class="ink-2">{hold.detail}</p>}
        <p class="row">
          {may('approveDevice') && (
            <button class="btn tiny" type="button" onClick={() => openDialog('approve')}>
              {texts.approve}
            </button>
          )}
          <a href={hrefOf(`/enrolment/${state}`, { q: `serial = ${quotedText(device.serial)}` })}>{texts.enrolment}</a>
        </p>
      </Note>
    );
  if (move)
    return (
      <Note tone="busy">
        <p>{texts.moves(move.url)}</p>
      </Note>
    );
  if (!replaces) return null;
  return (
    <Note tone="busy">
      <p>
        {texts.replaces} <a href={hrefOfTab(replaces.id, 'summary')}>{replaces.id}</a>
      </p>
    </Note>
  );
}

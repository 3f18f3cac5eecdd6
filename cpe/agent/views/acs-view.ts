// The data model as an ACS sees it: the unit's own, or that of an Internet gateway where Cwmp.RootElement says so.
import type { ParameterAttribute, ParameterInfo, ParameterValue } from '../../../shared/cwmp/methods.ts';

export interface AcsView {
  readonly root: string;
  /** GetParameterValues. @throws CwmpFault 9005 */
  read(path: string): ParameterValue[];
  /** GetParameterNames. @throws CwmpFault 9003, 9005 */
  names(path: string, nextLevel: boolean): ParameterInfo[];
  /** GetParameterAttributes. @throws CwmpFault 9005 */
  attributes(path: string): ParameterAttribute[];
  /** Names of the unit's own behind one that the ACS uses: several for a partial path; none where it does not exist. */
  own(path: string): readonly string[];
  /** The ACS's name of one of the unit's own; undefined where it has none. */
  shown(path: string): string | undefined;
  /** Names that every Inform carries (TR-069 A.3.3.1). */
  forced(): readonly string[];
}

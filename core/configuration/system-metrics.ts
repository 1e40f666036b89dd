import type { Configuration, MetricQueries } from "./configuration.ts";

const modulePrefix = /^\s*from\s+devices\.modules\s+where\s/i;

/** Whether a condition is one of modules: it names their collection (spec/query-language 13). */
export const targetsModules = (condition: string): boolean => modulePrefix.test(condition);

const isEmpty = (condition: string): boolean => condition.trim() === "";
const isAll = (condition: string): boolean => condition.trim() === "*";

/**
 * The condition that stands for the twins of a configuration, as `Queries` take it: an IoT Edge deployment's is for IoT Edge
 * devices only. Undefined when nothing is targeted.
 */
export function effectiveTarget({ content, targetCondition }: TargetedBy): string | undefined {
  if (isEmpty(targetCondition)) return undefined;
  if (content.kind !== "modulesContent") return targetCondition;
  return isAll(targetCondition) ? onlyEdge : `${onlyEdge} and (${targetCondition})`;
}

type TargetedBy = Pick<Configuration, "content" | "targetCondition">;

const onlyEdge = "capabilities.iotEdge = true";

/**
 * The queries by which the hub counts a configuration's twins, under IoT Hub's names and in its words (spec/twins-methods-jobs
 * 12). Those for the content of plain modules, and that of a deployment with a condition, are unconfirmed.
 */
export function systemQueries(configuration: Configuration): MetricQueries {
  const { id, content } = configuration;
  const applied = `configurations.[[${id}]].status = 'Applied'`;
  const targetedCount = targetedQuery(configuration);
  switch (content.kind) {
    case "deviceContent":
      return { targetedCount, appliedCount: `select deviceId from devices where ${applied}` };
    case "moduleContent":
      return { targetedCount, appliedCount: `select deviceId from devices.modules where ${applied}` };
    case "modulesContent": {
      const agents = `select deviceId from devices.modules where moduleId = '$edgeAgent' and ${applied}`;
      const latest = "properties.desired.$version = properties.reported.lastDesiredVersion";
      const code = "properties.reported.lastDesiredStatus.code";
      return {
        targetedCount,
        appliedCount: agents,
        reportedSuccessfulCount: `${agents} and ${latest} and ${code} = 200`,
        reportedFailedCount: `${agents} and ${latest} and ${code} != 200`,
      };
    }
  }
}

/** Empty when nothing is targeted. */
function targetedQuery({ content, targetCondition }: Configuration): string {
  const condition = effectiveTarget({ content, targetCondition });
  if (condition === undefined) return "";
  if (content.kind === "moduleContent") return `select deviceId ${condition.trim()}`;
  return isAll(condition) ? "select deviceId from devices" : `select deviceId from devices where ${condition}`;
}

/** The documented limits of automatic configurations (spec/twins-methods-jobs 12, spec/quotas-and-pricing). */
export const maxConfigurations = 100;
export const maxCustomMetrics = 5;

/** The longest query, and so the longest condition (spec/query-language 10). */
export const maxQueryLength = 8_192;

/** A label's name and its text, in characters. */
export const maxLabelLength = 128;

/** Unconfirmed: how many labels, how long a metric's name, how much content. The content must fit into one event. */
export const maxLabels = 100;
export const maxMetricNameLength = 128;
export const maxContentBytes = 524_288;

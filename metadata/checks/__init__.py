"""Every problem of a dataset and of its records, found in one pass.

Four questions, none of which ever raises for bad content:

- `check_dataset`: is what a person stated complete, and does it agree with what was
  measured?
- `check_record`: would the official INSPIRE validator pass this record?
- `check_records`: do the records of a run fit together?
- `check_duplicates`: is any dataset described twice?

The requirements are functions (`metadata.checks.inspire`, `metadata.checks.model`,
`metadata.checks.sets`, `metadata.checks.duplicates`), one for each; which of them
count, how much, and in what words, is data (``metadata/rules/*.toml``, read by
`metadata.checks.rules`).
"""

from metadata.checks.datasets import check_dataset
from metadata.checks.duplicates import check_duplicates
from metadata.checks.records import check_record
from metadata.checks.repeats import without_repeats
from metadata.checks.rules import Rule, RuleSet, rule_set
from metadata.checks.sets import check_records

__all__ = [
    "Rule",
    "RuleSet",
    "check_dataset",
    "check_duplicates",
    "check_record",
    "check_records",
    "rule_set",
    "without_repeats",
]

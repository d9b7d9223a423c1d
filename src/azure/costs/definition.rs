//! The question, as it is sent.

use serde_json::json;

use crate::ledger::DaySpan;

/// Daily costs and quantities of workspaces of Azure Machine Learning, by resource and meter; both days included.
pub(super) fn definition(days: &DaySpan) -> String {
    let dimension = |name: &str| json!({ "type": "Dimension", "name": name });
    let sum = |name: &str| json!({ "name": name, "function": "Sum" });
    json!({
        "type": "ActualCost",
        "timeframe": "Custom",
        "timePeriod": { "from": format!("{}T00:00:00Z", days.first), "to": format!("{}T23:59:59Z", days.last) },
        "dataset": {
            "granularity": "Daily",
            "aggregation": { "totalCost": sum("Cost"), "usedQuantity": sum("UsageQuantity") },
            "grouping": [dimension("ResourceId"), dimension("Meter")],
            "filter": { "dimensions": {
                "name": "ResourceType",
                "operator": "In",
                "values": ["microsoft.machinelearningservices/workspaces"],
            } },
        },
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_asks_for_whole_days_in_two_groups_and_two_sums() {
        let days = DaySpan { first: "2026-11-03".parse().unwrap(), last: "2026-12-01".parse().unwrap() };
        let told: serde_json::Value = serde_json::from_str(&definition(&days)).unwrap();
        assert_eq!(told["timePeriod"], json!({ "from": "2026-11-03T00:00:00Z", "to": "2026-12-01T23:59:59Z" }));
        let dataset = &told["dataset"];
        assert_eq!(dataset["aggregation"].as_object().unwrap().len(), 2);
        assert_eq!(dataset["grouping"].as_array().unwrap().len(), 2);
        assert_eq!(told["timeframe"], "Custom");
    }
}

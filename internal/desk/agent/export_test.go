package agent

// ListQueries are the queries that list agents.
var ListQueries = map[string]string{"list": listQuery, "compact": compactQuery}

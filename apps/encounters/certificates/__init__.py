"""The papers that end a visit, and the notice of a death: issued under a number, answered, cancelled."""

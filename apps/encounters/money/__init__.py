"""Money at the station: what a visit costs, who pays, receipts, the cash book."""

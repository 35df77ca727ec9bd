def test_the_browser_reaches_the_served_house(live_server, page):
    page.goto(f"{live_server.url}/khoe")
    assert "tốt" in page.content()

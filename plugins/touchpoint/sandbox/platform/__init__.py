"""The Taobao Open Platform's side: POST /router/rest, as its documentation describes it."""

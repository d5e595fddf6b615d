document.querySelector("#greeting").textContent = `Hello at ${location.pathname}`;

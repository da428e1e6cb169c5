export default function Page() {
  return (
    <main>
      <h1>Dashboard</h1>
      <p>Only people who are signed in see this page.</p>
    </main>
  );
}
